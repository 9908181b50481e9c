"""Makes the containers `backups` and `results` of an account, and blobs of a folder's files in the first."""
import base64, email.utils, hashlib, hmac, os, sys, urllib.request

address, account, key, folder = sys.argv[1:]


def put(path, body=b"", query="", **headers):
    headers |= {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    told = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    kind, length = "application/octet-stream", str(len(body)) if body else ""
    resource = f"/{account}/{account}/{path}" + "".join(f"\n{word.replace('=', ':')}" for word in query.split("&") if word)
    signed = f"PUT\n\n\n{length}\n\n{kind}\n\n\n\n\n\n\n{told}{resource}"
    digest = hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()
    headers |= {"Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}", "Content-Type": kind}
    url = f"{address}/{path}" + (f"?{query}" if query else "")
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT"))


for container in ("backups", "results"):
    put(container, query="restype=container")
for at, _, names in os.walk(folder):
    for name in names:
        path = os.path.join(at, name)
        with open(path, "rb") as file:
            put("backups/" + os.path.relpath(path, folder), file.read(), **{"x-ms-blob-type": "BlockBlob"})
