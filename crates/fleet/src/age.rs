//! Ages: `90m`, `26h`, `2d`.

/// Seconds of an age.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no age: a number and m, h or d, such as 26h");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = text.get(..text.len() - 1).unwrap_or_default();
    let number = digits.parse::<u32>().map_err(|_| wrong())?;
    Ok(i64::from(number) * seconds)
}

/// An age for people: minutes below two hours, hours below two days, else days.
pub(crate) fn shown(seconds: i64) -> String {
    match seconds {
        ..0 => "in the future".to_owned(),
        0..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_and_shown() {
        for (text, seconds, back) in
            [("90m", 5400, "90m"), ("26h", 93_600, "26h"), ("2d", 172_800, "2d"), ("0h", 0, "0m"), ("120m", 7200, "2h")]
        {
            assert_eq!(parse(text), Ok(seconds));
            assert_eq!(shown(seconds), back);
        }
        for bad in ["", "h", "26", "1w", "-1h", "26 h", "é"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(shown(-1), "in the future");
    }
}
