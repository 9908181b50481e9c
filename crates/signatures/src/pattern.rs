//! OpenSSH's pattern lists: `alice@*,!*@bad.example`, where `*` is any bytes and `?` is one.

/// The longest pattern of a list that OpenSSH looks at, in bytes; a list with a longer one matches nothing.
const LONGEST: usize = 1023;

/// Whether a list has a pattern that matches, and none with a `!` that does.
pub(crate) fn list_matches(text: &str, list: &str) -> bool {
    let mut found = false;
    for one in list.split(',') {
        let (negated, pattern) = one.strip_prefix('!').map_or((false, one), |rest| (true, rest));
        if pattern.len() >= LONGEST {
            return false;
        }
        if matches(text.as_bytes(), pattern.as_bytes()) {
            if negated {
                return false;
            }
            found = true;
        }
    }
    found
}

/// One pattern. Goes back to the last star only, so a hostile pattern costs the product of both lengths at most.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(next) {
            Some(b'*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(one) if *one == b'?' || Some(one) == text.get(at) => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                (at, next) = (from + 1, back + 1);
            }
        }
    }
    pattern.get(next..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Whether any text matches both of two lists; what a `!` leaves out is not looked at.
pub(crate) fn lists_meet(one: &str, other: &str) -> bool {
    let patterns =
        |list: &'_ str| list.split(',').filter(|one| !one.starts_with('!')).map(str::to_owned).collect::<Vec<_>>();
    let others = patterns(other);
    patterns(one).iter().any(|one| others.iter().any(|other| meet(one.as_bytes(), other.as_bytes())))
}

/// Whether any text matches both patterns: from behind, `row[j]` says so of what is left of both.
fn meet(one: &[u8], other: &[u8]) -> bool {
    let ended = |rest: &[u8]| rest.iter().all(|byte| *byte == b'*');
    let mut below: Vec<bool> = (0..=other.len()).map(|j| ended(other.get(j..).unwrap_or_default())).collect();
    for (i, a) in one.iter().enumerate().rev() {
        let mut row = vec![ended(one.get(i..).unwrap_or_default())];
        for (j, b) in other.iter().enumerate().rev() {
            let (skip_a, skip_b) = (below.get(j).copied(), row.last().copied());
            let both = below.get(j + 1).copied();
            let is = if *a == b'*' || *b == b'*' { skip_a.zip(skip_b).map(|(a, b)| a || b) } else { both };
            row.push(is.unwrap_or(false) && (*a == b'*' || *b == b'*' || *a == b'?' || *b == b'?' || a == b));
        }
        row.reverse();
        below = row;
    }
    below.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_openssh() {
        for (text, list, is) in [
            ("alice", "alice", true),
            ("alice", "bob,alice", true),
            ("alice", "Alice", false),
            ("alice", "al*", true),
            ("alice", "a?ice,!alice", false),
            ("alice", "!bob", false),
            ("alice", "!bob,*", true),
            ("alice@example.com", "*@example.com", true),
            ("alice@example.org", "*@example.com", false),
            ("", "*", true),
            ("", "", true),
            ("alice", "", false),
            ("aXbXc", "a*b*c", true),
            ("aXbX", "a*b*c", false),
            ("alice", "alice**", true),
            ("alice", "?????", true),
            ("alice", "??????", false),
        ] {
            assert_eq!(list_matches(text, list), is, "{text} in {list}");
        }
        assert!(!list_matches("a", &format!("a,{}", "b".repeat(1023))), "one too long pattern, and nothing matches");
        assert!(!list_matches(&"a".repeat(4000), &format!("{}b", "a*".repeat(500))), "and it ends");
    }
}
