#!/bin/sh
# Records escrows as the assay at hand writes them, for a release: they must be joined by every later one. Needs ssh-keygen;
# run once a release from the root of the repository, and commit what it wrote. The keys it makes are throw-away.
#     crates/key-escrow/tests/data/record-escrows.sh target/debug/assay
set -eu
assay=$(realpath "$1"); data=$(cd "$(dirname "$0")" && pwd)
version=$("$assay" --version | cut -d' ' -f2)
out=$data/escrow-$version
mkdir "$out"
work=$(mktemp -d)
name=static_kuberesources_2026-11-23_090915.tar.gz
cp "$data/gnutar-gzip-6.tar.gz" "$work/$name"
cp "$data/go-fastest.tar.gz" "$work/sealed-$name"
cd "$work"
printf 'a passphrase for tests alone\n' > "$out/passphrase.txt"
ssh-keygen -q -t ed25519 -N '' -C throw-away -f "$out/ssh-key"
export ASSAY_NOW=2026-11-29T12:00:00Z
"$assay" -q keys split "$name" --passphrase-file "$out/passphrase.txt" --armor --out "$out/passphrase"
"$assay" -q keys split "sealed-$name" -r "$(cat "$out/ssh-key.pub")" --class all --out "$out/ssh-all-classes"
cd "$out" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
rm -r "$work"
