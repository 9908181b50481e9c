use super::*;

const PROTO: &str = r#"
syntax = "proto2";

package k8s.io.api.farm.v1;

// A Barn.
message Barn {
  // +optional
  optional .k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta metadata = 1;

  optional BarnSpec spec = 2;

  // +optional
  optional BarnStatus status = 3;
}

message BarnList {
  optional .k8s.io.apimachinery.pkg.apis.meta.v1.ListMeta metadata = 1;

  repeated Barn items = 2;
}

message BarnSpec {
  // doors, which may be none
  // +optional
  optional int32 doors = 1;

  repeated string Animals = 2;

  // +optional
  map<string, .k8s.io.apimachinery.pkg.api.resource.Quantity> hay = 3;

  map<string, Names> names = 4;

  // +optional
  optional bool open = 6;
}

message BarnStatus {
}

// +protobuf.nullable=true
message Names {
  // items, if empty, will result in an empty slice

  repeated string items = 1;
}

message Unused {
  optional string a = 1;
}
"#;

const GO: &str = r#"
type BarnSpec struct {
	// doors
	Doors *int32 `json:"doors,omitempty" protobuf:"varint,1,opt,name=doors"`
	Animals []Animal `json:"animals" protobuf:"bytes,2,rep,name=Animals"`
	Hay map[string]resource.Quantity `json:"hay,omitempty" protobuf:"bytes,3,rep,name=hay"`
	Names map[string]Names `json:"names,omitempty" protobuf:"bytes,4,rep,name=names"`
	Open bool `json:"open,omitempty,omitzero" protobuf:"varint,6,opt,name=open"`
}
type Barn struct {
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	Spec BarnSpec `json:"spec" protobuf:"bytes,2,opt,name=spec"`
	Status BarnStatus `json:"status,omitempty" protobuf:"bytes,3,opt,name=status"`
}
"#;

const META: &str =
    "package k8s.io.apimachinery.pkg.apis.meta.v1;\nmessage ObjectMeta {\n  optional string name = 1;\n}\n";

/// What release 1.4 was recorded to have.
const RECORDED: &str = "\
# Releases 1.2 to 1.4 of a farm.
farm/v1.Barn = farm.example/v1 Barn
 1 metadata meta/v1.ObjectMeta?
 2 spec BarnSpec
farm/v1.BarnSpec
 1 doors *int
 2 animals []string?
 5 roof string
meta/v1.ObjectMeta
 1 name string?
";

const GROWN: &str = "\
# Releases 1.2 to 1.5 of a farm.
farm/v1.Barn = farm.example/v1 Barn
 1 metadata meta/v1.ObjectMeta?
 2 spec BarnSpec
 3 status BarnStatus? from5
farm/v1.BarnSpec
 1 doors *int? omit5
 2 animals []string keep5
 3 hay {}@quantity? from5
 4 names {}<[]string>? from5
 5 roof string to4
 6 open bool? z0 from5
farm/v1.BarnStatus
meta/v1.ObjectMeta
 1 name string?
";

fn folder(go: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (farm, meta) = (folder.path().join("api/farm/v1"), folder.path().join("apimachinery/meta"));
    fs::create_dir_all(&farm).unwrap();
    fs::create_dir_all(&meta).unwrap();
    fs::write(farm.join("generated.proto"), PROTO).unwrap();
    fs::write(meta.join("generated.proto"), META).unwrap();
    if go {
        fs::write(farm.join("types.go"), GO).unwrap();
        fs::write(
            meta.join("types.go"),
            "type ObjectMeta struct {\n\tName string `json:\"name,omitempty\" protobuf:\"bytes,1,opt,name=name\"`\n}\n",
        )
        .unwrap();
    }
    folder
}

#[test]
fn a_release_adds_to_what_is_recorded_and_says_what_it_changes() {
    let folder = folder(true);
    let grown = grown(RECORDED, folder.path(), 5).unwrap();
    assert_eq!(grown, GROWN);
    assert_eq!(super::grown(&grown, folder.path(), 5).unwrap(), grown, "the same files add nothing");
    assert_eq!((newest(RECORDED), newest(&grown), newest("a")), (Some(4), Some(5), None));
}

#[test]
fn without_the_structs_of_go_comments_and_names_are_followed() {
    let folder = folder(false);
    let grown = grown("# Releases 1.2 to 1.4.\n", folder.path(), 5).unwrap();
    let expected = "\
# Releases 1.2 to 1.5.
farm/v1.Barn = farm.k8s.io/v1 Barn
 1 metadata meta/v1.ObjectMeta? from5
 2 spec BarnSpec from5
 3 status BarnStatus? from5
farm/v1.BarnSpec
 1 doors *int? from5
 2 animals []string from5
 3 hay {}@quantity? from5
 4 names {}<[]string> from5
 6 open *bool? from5
farm/v1.BarnStatus
meta/v1.ObjectMeta
 1 name string from5
";
    assert_eq!(grown, expected);
    // of what is recorded a guess changes nothing
    let grown = super::grown(RECORDED, folder.path(), 5).unwrap();
    let kept = ["doors *int\n", "animals []string?\n", "roof string to4\n", "name string?\n"];
    assert!(kept.iter().all(|line| grown.contains(line)), "{grown}");
}

#[test]
fn what_is_no_api_and_no_table_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert!(grown(RECORDED, empty.path(), 5).unwrap_err().to_string().contains("no .proto file"));
    let folder = folder(true);
    assert!(grown(" 1 a string\n", folder.path(), 5).unwrap_err().to_string().contains("not a line of a table"));
}

/// The table of the repository is one that this writes.
#[test]
fn the_table_that_is_recorded_is_written_as_it_was_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kube-objects/schema/kubernetes.txt");
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(Table::read(&text).unwrap().write(), text);
}
