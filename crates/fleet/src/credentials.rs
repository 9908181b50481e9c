//! What is known of the credentials in the environment before any store is asked: when a session ends.

use jiff::Timestamp;

/// Where the AWS command line says when the session ends whose credentials it exports.
const END: &str = "AWS_CREDENTIAL_EXPIRATION";

/// What is to be said of a session whose end is known. Tokens in files are another matter: whoever put them there renews them,
/// and each worker reads them anew.
pub(crate) fn ending(variable: impl Fn(&str) -> Option<String>, now: Timestamp) -> Option<String> {
    variable("AWS_SESSION_TOKEN")?;
    let end: Timestamp = variable(END)?.parse().ok()?;
    let left = end.as_second() - now.as_second();
    let when = if left > 0 { format!("in {}", crate::age::shown(left)) } else { "now over".to_owned() };
    Some(format!(
        "the session of these credentials ends at {end}, {when}: a worker that has no newer ones ends with 75 after that"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_session_is_told_where_it_is_known() {
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        let told = |end: Option<&str>, token: Option<&str>| {
            let variable = |name: &str| match name {
                END => end.map(str::to_owned),
                "AWS_SESSION_TOKEN" => token.map(str::to_owned),
                _ => None,
            };
            ending(variable, now)
        };
        let soon = told(Some("2026-11-29T13:30:00+00:00"), Some("hunter2")).unwrap();
        assert!(soon.contains("ends at 2026-11-29T13:30:00Z, in 90m:") && !soon.contains("hunter2"), "{soon}");
        assert!(told(Some("2026-11-29T11:00:00Z"), Some("x")).unwrap().contains("now over"));
        assert_eq!(told(Some("2026-11-29T13:00:00Z"), None), None);
        assert_eq!(told(None, Some("x")), None);
        assert_eq!(told(Some("soon"), Some("x")), None);
    }
}
