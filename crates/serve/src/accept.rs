//! In which form a client wants its answer.

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object, or the list.
    Whole,
    /// Rows and columns, of this version.
    Table(&'static str),
    /// Metadata alone, of this version.
    Metadata(&'static str),
    /// Discovery in one document, of this version.
    Discovery(&'static str),
}

/// The first form that is spoken here, in the order that the client prefers; none where none is.
pub(crate) fn form(accept: Option<&str>) -> Option<Form> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Some(Form::Whole) };
    accept.split(',').find_map(one)
}

fn one(range: &str) -> Option<Form> {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if !matches!(kind, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let (mut shape, mut version, mut group) = ("", "", "");
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "as" => shape = value,
            "v" => version = value,
            "g" => group = value,
            _ => {} // q: the order says it
        }
    }
    let known = |versions: &[&'static str]| versions.iter().copied().find(|known| *known == version);
    match (shape, group) {
        ("", _) => Some(Form::Whole),
        ("Table", "meta.k8s.io") => known(&["v1", "v1beta1"]).map(Form::Table),
        ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io") => {
            known(&["v1", "v1beta1"]).map(Form::Metadata)
        }
        ("APIGroupDiscoveryList", "apidiscovery.k8s.io") => known(&["v2", "v2beta1"]).map(Form::Discovery),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_is_known_is_taken() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        let discovery = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        for (accept, expected) in [
            (None, Some(Form::Whole)),
            (Some(""), Some(Form::Whole)),
            (Some("*/*"), Some(Form::Whole)),
            (Some("text/csv"), None),
            (Some("application/vnd.kubernetes.protobuf"), None),
            (Some("application/vnd.kubernetes.protobuf,application/json"), Some(Form::Whole)),
            (Some("application/json;q=0.9, */*;q=0.1"), Some(Form::Whole)),
            (Some("application/json;as=Table;v=v9;g=meta.k8s.io, application/json"), Some(Form::Whole)),
            (Some(table), Some(Form::Table("v1"))),
            (Some(discovery), Some(Form::Discovery("v2"))),
            (Some("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"), Some(Form::Metadata("v1"))),
        ] {
            assert_eq!(form(accept), expected, "{accept:?}");
        }
    }
}
