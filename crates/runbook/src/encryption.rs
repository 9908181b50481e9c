//! E-01 to E-09: encryption at rest, on and off, and where it stands.

use backup_facts::platform::rules;

use crate::draft::Draft;
use crate::plan::Plan;
use crate::step::{Part, Place, Step, Written};

/// Operators whose condition `Encrypted` tells: what `oc` calls them, as the backup does, what they encrypt.
const OPERATORS: [(&str, &str, &str, &str); 3] = [
    ("E-06", "openshiftapiserver", "openshiftapiservers", "routes.route.openshift.io"),
    ("E-07", "kubeapiserver", "kubeapiservers", "secrets, configmaps"),
    (
        "E-08",
        "authentication.operator.openshift.io",
        "authentications",
        "oauthaccesstokens.oauth.openshift.io, oauthauthorizetokens.oauth.openshift.io",
    ),
];

/// Writes the part.
pub(crate) fn write(plan: &Plan<'_>, draft: &mut Draft) {
    draft.section("Where it stands");
    if !plan.known.platform.has_operators() {
        draft.add("E-01", Ok(elsewhere(plan)));
        return;
    }
    draft.add("E-01", Ok(state(plan)));
    draft.section("Encrypt");
    draft.add("E-02", Ok(before(plan)));
    draft.add("E-03", Ok(edit(plan)));
    draft.add("E-04", Ok(kind(plan)));
    draft.add("E-05", Ok(save()));
    for (id, asked, resource, what) in OPERATORS {
        draft.add(id, done(plan, id, asked, resource, what));
    }
    draft.section("Decrypt");
    draft.add("E-09", Ok(off(plan)));
}

/// What the backup says.
fn state(plan: &Plan<'_>) -> Step {
    let (known, asked) = (plan.known, &plan.known.site.encryption);
    let kind = match asked.kind.as_str() {
        "" | "identity" => "The cluster of the backup was not asked to encrypt.".to_owned(),
        kind => format!("The cluster of the backup was asked to encrypt by `{kind}`."),
    };
    let step = Step::new("E-01").at(Place::Site).say(kind).say(if known.encrypted {
        "There are encrypted values in the snapshot."
    } else {
        "There is no encrypted value in the snapshot."
    });
    let conditions = asked.conditions.iter().map(|(resource, reason, message)| {
        let message = if message.is_empty() { String::new() } else { format!(", {message}") };
        format!("`{resource}` said: {reason}{message}.")
    });
    let step = conditions.fold(step, Step::say);
    step.say("Encrypted are Secrets, ConfigMaps, routes, and the access and authorize tokens of OAuth: their values, never names or namespaces.")
        .say("Keys rotate every week; a restore needs those of its own backup: the tarball has them.")
        .say_if(known.keys_apart, "This backup's tarball is without its keys: they are kept apart, and a restore needs them.")
}

/// Off OpenShift nothing of it is an API.
fn elsewhere(plan: &Plan<'_>) -> Step {
    let platform = plan.known.platform;
    Step::new("E-01")
        .at(Place::Site)
        .say(if plan.known.encrypted {
            "There are encrypted values in the snapshot."
        } else {
            "There is no encrypted value in the snapshot."
        })
        .say(format!(
            "Of {} encryption is a configuration of the API server, and no object of the cluster tells of it.",
            platform.title()
        ))
        .say(format!("Where the keys are: {}.", rules(platform).keys))
}

fn before(plan: &Plan<'_>) -> Step {
    Step::new("E-02")
        .say("As cluster-admin. Make no backup until it is done: one that is half encrypted may not restore. Memory, disk and the speed of backups suffer meanwhile.")
        .part(Part::whole().run("oc whoami").shows("a user with the role cluster-admin"))
        .say_if(
            plan.known.site.encryption.kind == "aescbc" || plan.known.site.encryption.kind == "aesgcm",
            "By the backup it is on already: E-06 to E-08 tell how far.",
        )
}

/// The same as a patch.
fn patch(kind: &str) -> String {
    format!("oc patch apiserver cluster --type=merge -p '{{\"spec\":{{\"encryption\":{{\"type\":\"{kind}\"}}}}}}'")
}

fn edit(plan: &Plan<'_>) -> Step {
    let _ = plan;
    Step::new("E-03").part(Part::whole().run("oc edit apiserver"))
}

fn kind(plan: &Plan<'_>) -> Step {
    Step::new("E-04")
        .say("`spec.encryption.type`: `aescbc`: AES-CBC with PKCS#7 padding and a key of 32 bytes.")
        .say_if(plan.since(4, 13), "Since 4.13 also `aesgcm`: AES-GCM with a random nonce.")
        .part(Part::whole().titled("The same as a patch, in place of E-03 and E-05").run(patch("aescbc")))
}

fn save() -> Step {
    Step::new("E-05").say("Save and leave the editor.").wait(
        "20 minutes and more, by the size of etcd",
        "E-06, E-07 and E-08 say EncryptionCompleted",
        "",
    )
}

/// What an operator's condition says.
fn ask(resource: &str) -> String {
    format!(
        "oc get {resource} -o=jsonpath='{{range .items[0].status.conditions[?(@.type==\"Encrypted\")]}}{{.reason}}{{\"\\n\"}}{{.message}}{{\"\\n\"}}'"
    )
}

fn done(plan: &Plan<'_>, id: &str, asked: &str, resource: &str, what: &str) -> Written {
    if id == "E-08" && !plan.since(4, 6) {
        return Err("to 4.5 the tokens of OAuth stand in the message of E-06".to_owned());
    }
    let said = plan.known.site.encryption.conditions.iter().find(|(of, ..)| of == resource);
    let step = Step::new(id)
        .part(Part::whole().run(ask(asked)))
        .shows(format!("`EncryptionCompleted`, `All resources encrypted: {what}`"))
        .trouble("`EncryptionInProgress`: wait some minutes, and ask again.");
    Ok(match said {
        Some((_, reason, _)) => step.say(format!("In the backup it said `{reason}`.")),
        None => step,
    })
}

fn off(plan: &Plan<'_>) -> Step {
    let asks = OPERATORS.into_iter().filter(|(id, ..)| *id != "E-08" || plan.since(4, 6));
    Step::new("E-09")
        .only_if("encryption is to be turned off")
        .say("As cluster-admin. The same way as E-03 to E-05, with type `identity`; E-02 holds here, too.")
        .part(Part::whole().titled("In the editor").run("oc edit apiserver"))
        .part(Part::whole().titled("Or as a patch").run(patch("identity")))
        .part(Part::whole().titled("Then, until all three say so").run_all(asks.map(|(_, asked, ..)| ask(asked))))
        .shows("`DecryptionCompleted`, `Encryption mode set to identity and everything is decrypted`")
        .wait("20 minutes and more", "every one says DecryptionCompleted", "")
        .trouble("`DecryptionInProgress`: wait some minutes, and ask again.")
}
