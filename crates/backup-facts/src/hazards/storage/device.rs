//! Names of devices: those that stay, and those that the kernel gives out anew at each start.

/// Beginnings of names that the kernel numbers in the order in which it finds devices.
const NUMBERED: [&str; 6] = ["sd", "hd", "vd", "xvd", "dasd", "nvme"];

/// Whether a path ends in a name such as `sdb` or `nvme0n1`, which may mean another disk after the next start.
///
/// `/dev/disk/by-id/wwn-...` and the symlinks that the Local Storage Operator makes from it are stable.
#[must_use]
pub fn is_kernel_name(path: &str) -> bool {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    NUMBERED.iter().any(|kind| {
        let Some(rest) = name.strip_prefix(kind) else { return false };
        if *kind == "nvme" {
            return is_nvme(rest);
        }
        let letters = rest.trim_end_matches(|letter: char| letter.is_ascii_digit());
        (1..=2).contains(&letters.len()) && letters.bytes().all(|letter| letter.is_ascii_lowercase())
    })
}

/// `<controller>n<namespace>[p<partition>]`
fn is_nvme(rest: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
    let Some((controller, rest)) = rest.split_once('n') else { return false };
    let (namespace, partition) = rest.split_once('p').unwrap_or((rest, "0"));
    digits(controller) && digits(namespace) && digits(partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_names_are_told_from_stable_ones() {
        for name in ["/dev/sdb", "/dev/sdaa1", "/dev/vdc", "/dev/xvdf", "/dev/nvme0n1", "/dev/nvme10n2p3", "/dev/dasda"]
        {
            assert!(is_kernel_name(name), "{name}");
        }
        for name in ["/mnt/local-storage/localblock/sdb", "/mnt/local-storage/fs/nvme1n1/", "sdb"] {
            assert!(is_kernel_name(name), "{name}");
        }
        for name in ["/dev/disk/by-id/wwn-0x5000c500a0", "/dev/mapper/data", "/mnt/local-storage/fs/scsi-36000c29"] {
            assert!(!is_kernel_name(name), "{name}");
        }
        for name in
            ["/mnt/local-storage/fs/nvme-Samsung_SSD", "/data/sd", "", "/", "/mnt/sdcard", "/mnt/nvme", "/v/vdisk0"]
        {
            assert!(!is_kernel_name(name), "{name}");
        }
    }
}
