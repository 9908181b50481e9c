use artifact::Reading;
use assay::Question;
use jiff::Timestamp;

use super::*;
use crate::builtin::AUTHORIZATION;
use crate::source::Source;
use crate::world::{Showing, World};

fn world() -> World {
    let question = Question::at(Timestamp::UNIX_EPOCH);
    let opened = Source::open(&fixtures::named("plain-etcd34").snapshot(), &Reading::default(), &question);
    let source: &'static Source = Box::leak(Box::new(opened.unwrap_or_else(|error| panic!("{error}"))));
    World::new(source, source.index.current(), Showing { reveal: false, ages_to_now: false })
}

/// 3000 questions that a real kube-apiserver answered over the same roles and bindings.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads what was recorded")]
fn access_is_what_a_real_server_said() {
    let path = fixtures::root().join("fixtures/serve-golden/access-reviews.json.gz");
    let golden: Value = serde_json::from_slice(&fixtures::gunzip(&std::fs::read(path).unwrap())).unwrap();
    let rbac = Rbac::of(&world());
    let (mut allowed, mut wrong) = (0, Vec::new());
    for one in golden.as_array().unwrap() {
        let asked = json!({"spec": one[0]});
        let (user, action) = (user_of(&asked), action(&asked).unwrap());
        let (theirs, reason) = (one[1].as_bool().unwrap(), one[2].as_str().unwrap());
        allowed += usize::from(theirs);
        let own = judged(&rbac, &user, &action);
        // where several bindings allow it, the server names any of them; where none does, it says nothing
        let known = !theirs || own["reason"] == reason || rbac.allowing(&user, &action).any(|own| own == reason);
        if own["allowed"] != theirs || !known {
            wrong.push(format!("{} {theirs} {reason}: {own}", one[0]));
        }
    }
    assert_eq!((golden.as_array().unwrap().len(), allowed), (3000, 278));
    assert!(wrong.is_empty(), "{} of 3000: {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn rules_count_as_an_api_server_counts_them() {
    let rbac: Rbac = Rbac::default();
    let account = rbac.with_implied_groups(&User { name: "system:serviceaccount:a:b".to_owned(), groups: Vec::new() });
    assert_eq!(account.groups, ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"]);
    let nobody = rbac.with_implied_groups(&User { name: "system:anonymous".to_owned(), groups: Vec::new() });
    assert_eq!(nobody.groups, ["system:unauthenticated"]);
    let action = Action::Path { path: "/x".to_owned(), verb: "delete".to_owned() };
    let master = User { name: "m".to_owned(), groups: vec!["system:masters".to_owned()] };
    assert_eq!(judged(&rbac, &master, &action)["allowed"], true);
    assert_eq!(judged(&rbac, &account, &action), json!({"allowed": false, "reason": BY}));
}

#[test]
fn who_reads_may_read_and_ask() {
    let action = |verb: &str, group: &str| Action::Resource {
        namespace: String::new(),
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: "x".to_owned(),
        subresource: String::new(),
        name: String::new(),
    };
    for (verb, group, allowed) in [
        ("get", "", true),
        ("watch", "apps", true),
        ("create", "", false),
        ("create", AUTHORIZATION, true),
        ("delete", "", false),
    ] {
        assert_eq!(readers(&action(verb, group))["allowed"], allowed, "{verb} {group}");
    }
}
