#!/bin/sh
# Records signatures as ssh-keygen and minisign write them: they must be read where neither is installed. The private keys
# are thrown away. Needs ssh-keygen (OpenSSH 9.2 made those at hand) and minisign (0.11).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
cd "$here"

printf '{\n  "schema": "assay-escrow/1"\n}\n' > signed.json
make() {
    ssh-keygen -q -N '' -C "$1" -f "$keys/$1" -t "$2" -b "$3"
    cut -d' ' -f1,2 "$keys/$1.pub" > "$1.pub"
}
sign() { # who, namespace, file, further options
    who=$1 namespace=$2 out=$3
    shift 3
    ssh-keygen -q -Y sign -n "$namespace" -f "$keys/$who" "$@" < signed.json > "$out" 2>/dev/null
}
make alice ed25519 256
make bob ecdsa 256
make carol rsa 3072
make dave ecdsa 384
make weak rsa 1024
make zoe ed25519 256
sign alice assay-escrow@1 alice.sig
sign alice assay-escrow@1 alice-sha256.sig -O hashalg=sha256
sign alice assay-drill@1 alice-drill.sig
for who in bob carol dave weak zoe; do sign "$who" assay-escrow@1 "$who.sig"; done

minisign -G -W -p erin.pub -s "$keys/erin" > /dev/null
minisign -S -W -t 'assay-escrow@1 by erin' -s "$keys/erin" -m signed.json -x erin.minisig > /dev/null
minisign -S -W -t 'assay-drill@1' -s "$keys/erin" -m signed.json -x erin-drill.minisig > /dev/null
minisign -S -W -s "$keys/erin" -m signed.json -x erin-plain.minisig > /dev/null
minisign -S -W -l -t 'assay-escrow@1' -s "$keys/erin" -m signed.json -x erin-legacy.minisig > /dev/null
