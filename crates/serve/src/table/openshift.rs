//! What OpenShift's own API servers serve, as they show it.

use serde_json::{Value, json};

use super::cells::{Row, few, list, number, or, text as text_of};
use super::{AGE, NAME, Rows, age, text};

pub(super) static TABLES: Rows = &[
    ("image.openshift.io", "images", &[NAME, text("Image Reference", |row| json!(row.text("/dockerImageReference")))]),
    (
        "image.openshift.io",
        "imagestreams",
        &[
            NAME,
            text("Image Repository", |row| {
                json!(row.text_or("/status/publicDockerImageRepository", row.text("/status/dockerImageRepository")))
            }),
            text("Tags", |row| json!(tags(row))),
            text("Updated", |row| json!(updated(row))),
        ],
    ),
    (
        "oauth.openshift.io",
        "oauthaccesstokens",
        &[
            NAME,
            text("User Name", |row| json!(row.text("/userName"))),
            text("Client Name", |row| json!(row.text("/clientName"))),
            text("Created", |row| json!(format!("{} ago", row.age("/metadata/creationTimestamp")))),
            text("Redirect URI", |row| json!(row.text("/redirectURI"))),
            text("Scopes", |row| json!(row.joined("/scopes", "", ","))),
        ],
    ),
    (
        "oauth.openshift.io",
        "oauthclients",
        &[
            NAME,
            text("Secret", |row| json!(row.text("/secret"))),
            text("WWW-Challenge", |row| json!(row.flag("/respondWithChallenges").unwrap_or(false))),
            text("Token-Max-Age", |row| json!(max_age(row))),
            text("Redirect URIs", |row| json!(row.joined("/redirectURIs", "", ","))),
        ],
    ),
    (
        "project.openshift.io",
        "projects",
        &[
            NAME,
            text("Display Name", |row| json!(annotation(row, "openshift.io/display-name"))),
            text("Status", |row| json!(row.text("/status/phase"))),
        ],
    ),
    (
        "route.openshift.io",
        "routes",
        &[
            NAME,
            text("Host/Port", |row| json!(host(row))),
            text("Path", |row| json!(row.text("/spec/path"))),
            text("Services", |row| json!(services(row))),
            text("Port", |row| json!(port(row))),
            text("Termination", |row| json!(termination(row))),
            text("Wildcard", |row| json!(row.text_or("/spec/wildcardPolicy", "None"))),
        ],
    ),
    (
        "template.openshift.io",
        "templates",
        &[
            NAME,
            text("Description", |row| json!(annotation(row, "description"))),
            text("Parameters", |row| json!(row.length("/parameters"))),
            text("Objects", |row| json!(row.length("/objects"))),
        ],
    ),
    ("user.openshift.io", "groups", &[NAME, text("Users", |row| json!(row.joined("/users", "", ", ")))]),
    (
        "user.openshift.io",
        "identities",
        &[
            NAME,
            text("IDP Name", |row| json!(row.text("/providerName"))),
            text("IDP User Name", |row| json!(row.text("/providerUserName"))),
            text("User Name", |row| json!(row.text("/user/name"))),
            text("User UID", |row| json!(row.text("/user/uid"))),
        ],
    ),
    (
        "user.openshift.io",
        "users",
        &[
            NAME,
            text("UID", |row| json!(row.text("/metadata/uid"))),
            text("Full Name", |row| json!(row.text("/fullName"))),
            text("Identities", |row| json!(row.joined("/identities", "", ", "))),
        ],
    ),
    (
        "apps.openshift.io",
        "deploymentconfigs",
        &[
            NAME,
            text("Revision", |row| json!(row.number("/status/latestVersion"))),
            text("Desired", |row| json!(row.number("/spec/replicas"))),
            text("Current", |row| json!(row.number("/status/replicas"))),
            AGE,
        ],
    ),
];

fn annotation<'o>(row: &Row<'o>, name: &str) -> &'o str {
    let annotations = row.object.pointer("/metadata/annotations");
    annotations.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default()
}

fn tags(row: &Row<'_>) -> String {
    let tags: Vec<String> = row.list("/status/tags").iter().map(|tag| text_of(tag, "/tag").to_owned()).collect();
    few(&tags, 3, "")
}

/// When an image was tagged last.
fn updated(row: &Row<'_>) -> String {
    let items = row.list("/status/tags").iter().flat_map(|tag| list(tag, "/items"));
    let last = items.map(|item| text_of(item, "/created")).max().unwrap_or_default();
    if last.is_empty() { String::new() } else { format!("{} ago", age::since(last, row.now)) }
}

fn max_age(row: &Row<'_>) -> String {
    match number(row.object, "/accessTokenMaxAgeSeconds") {
        None => "default".to_owned(),
        Some(0) => "unexpiring".to_owned(),
        Some(seconds) => format!("{seconds}s"),
    }
}

/// The host by which routers let a route in, or why they do not.
fn host(row: &Row<'_>) -> String {
    let spec = row.text("/spec/host");
    let ingress = row.list("/status/ingress");
    let condition = |one: &Value| {
        let admitted = list(one, "/conditions").iter().find(|condition| text_of(condition, "/type") == "Admitted");
        admitted.map(|one| (text_of(one, "/status").to_owned(), text_of(one, "/reason").to_owned()))
    };
    let with = |status: &str| ingress.iter().filter(|one| condition(one).is_some_and(|(is, _)| is == status)).count();
    let (admitted, refused) = (with("True"), with("False"));
    let first = ingress.iter().find(|one| condition(one).is_some_and(|(is, _)| is == "True"));
    let host = first.map_or(spec, |one| or(text_of(one, "/host"), spec));
    match (ingress.is_empty(), admitted, refused) {
        (true, ..) => spec.to_owned(),
        (_, 0, 0) => "Pending".to_owned(),
        (_, 0, _) => ingress.iter().filter_map(condition).next_back().map_or_else(String::new, |(_, reason)| reason),
        (_, _, 1..) => format!("{host} ... {refused} rejected"),
        (_, 2.., _) => format!("{host} ... {} more", admitted - 1),
        _ => host.to_owned(),
    }
}

/// The services behind a route, with their shares where there are several.
fn services(row: &Row<'_>) -> String {
    let alternates = row.list("/spec/alternateBackends");
    let backends: Vec<&Value> = row.object.pointer("/spec/to").into_iter().chain(alternates).collect();
    let weight = |one: &Value| number(one, "/weight").unwrap_or(100);
    let total: i64 = backends.iter().map(|one| weight(one)).sum();
    let shown = backends.iter().map(|one| match (alternates.is_empty(), total) {
        (true, _) | (_, 0) => text_of(one, "/name").to_owned(),
        _ => format!("{}({}%)", text_of(one, "/name"), weight(one).saturating_mul(100) / total),
    });
    shown.collect::<Vec<_>>().join(",")
}

fn port(row: &Row<'_>) -> String {
    super::cells::scalar(row.object.pointer("/spec/port/targetPort")).unwrap_or_else(|| "<all>".to_owned())
}

fn termination(row: &Row<'_>) -> String {
    match (row.text("/spec/tls/termination"), row.text("/spec/tls/insecureEdgeTerminationPolicy")) {
        ("", "") => String::new(),
        ("", policy) => format!("default/{policy}"),
        (termination, "") => termination.to_owned(),
        (termination, policy) => format!("{termination}/{policy}"),
    }
}
