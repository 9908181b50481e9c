-- The catalog of backups, schema 1. Open it with any SQLite client; write to it with `assay catalog` alone: every change
-- is an event of the log, and the log is a chain.
-- Times are RFC 3339, UTC. Digests are SHA-256, 32 bytes. No secret is in here: names, digests, fingerprints, verdicts.

-- A machine on which backups were seen.
CREATE TABLE host (
  id    TEXT PRIMARY KEY,           -- of the machine, and stays
  label TEXT NOT NULL               -- its name, when it was seen last
) STRICT;

-- What a file holds, unpacked: a snapshot and its .gz and .zst are one.
CREATE TABLE content (
  sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
  kind   TEXT NOT NULL,             -- snapshot, resources, escrow, manifest, share, signature
  size   INTEGER NOT NULL           -- bytes, unpacked
) STRICT, WITHOUT ROWID;

-- Where it was seen.
CREATE TABLE sighting (
  host       TEXT NOT NULL REFERENCES host,
  path       TEXT NOT NULL,
  content    BLOB NOT NULL REFERENCES content,
  stored     BLOB NOT NULL CHECK (length(stored) = 32), -- SHA-256 of the file as it is stored
  size       INTEGER NOT NULL,      -- bytes of the file
  mtime      INTEGER NOT NULL,      -- nanoseconds since 1970
  ctime      INTEGER NOT NULL,
  inode      INTEGER NOT NULL,
  first_seen TEXT NOT NULL,
  last_seen  TEXT NOT NULL,
  checked    TEXT NOT NULL,         -- when all of its bytes were last read, or it was last looked for
  state      TEXT NOT NULL,         -- unchanged, rotten, replaced, missing, unreadable, moved
  PRIMARY KEY (host, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_content ON sighting (content);

-- A snapshot and what belongs to it.
CREATE TABLE backup (
  id        TEXT PRIMARY KEY,       -- the beginning of a digest of the cluster, the snapshot, and the tarball with its keys
  cluster   TEXT,                   -- an ID that stands in the snapshot
  snapshot  BLOB REFERENCES content,
  resources BLOB REFERENCES content, -- the tarball with which it was seen first; another form of it belongs to it
  taken     TEXT NOT NULL,
  taken_by  TEXT NOT NULL,          -- by which clock: data, name; added: nothing tells, and it was seen then
  revision  INTEGER NOT NULL,       -- etcd's newest
  release   TEXT,                   -- such as 4.18.30
  platform  TEXT NOT NULL,
  topology  TEXT,
  name      TEXT,                   -- how the cluster calls itself
  size      INTEGER,                -- bytes of the database
  in_use    INTEGER,                -- bytes of its pages that hold something
  added     TEXT NOT NULL,
  pinned    TEXT,                   -- why it is to stay
  let_go    TEXT                    -- when `prune` moved the last of it away: it is in no list any more
) STRICT;
CREATE INDEX backup_cluster ON backup (cluster, taken);
CREATE INDEX backup_taken ON backup (taken);

-- What belongs to it besides: the tarball in another form, an escrow of its keys, the manifest, shares, signatures.
CREATE TABLE belonging (
  backup  TEXT NOT NULL REFERENCES backup,
  content BLOB NOT NULL REFERENCES content,
  PRIMARY KEY (backup, content)
) STRICT, WITHOUT ROWID;
CREATE INDEX belonging_content ON belonging (content);

-- What assay said of it; the newest of each form of the tarball counts, and of these the one whose keys are nearest.
CREATE TABLE judgement (
  id        INTEGER PRIMARY KEY,
  backup    TEXT NOT NULL REFERENCES backup,
  beside    BLOB REFERENCES content, -- the tarball that lay beside the snapshot
  at        TEXT NOT NULL,
  assay     TEXT NOT NULL,          -- version
  rules     INTEGER NOT NULL,       -- of findings: a newer set judges anew
  verdict   TEXT NOT NULL,          -- pass, warn, fail; but for what it says of keys
  keys      TEXT NOT NULL,          -- not-needed, at-hand, escrow, missing, wrong
  updating  INTEGER NOT NULL,       -- of the cluster: 0, 1
  migrating INTEGER NOT NULL,       -- of encrypted values: 0, 1
  missing   TEXT,                   -- what a restore needs and is not there
  rehearsed TEXT NOT NULL,          -- never, served, failed
  findings  TEXT NOT NULL           -- JSON: [{"id", "severity", "message"}]
) STRICT;
CREATE UNIQUE INDEX judgement_once ON judgement (backup, ifnull(beside, x''), at, assay);

-- An escrow, as its manifest tells it.
CREATE TABLE escrow (
  manifest BLOB PRIMARY KEY REFERENCES content,
  sealed   BLOB NOT NULL CHECK (length(sealed) = 32), -- SHA-256 of the escrow file
  needed   INTEGER NOT NULL         -- how many custodians it takes to open it
) STRICT;

-- Who can open an escrow, alone or with others.
CREATE TABLE custodian (
  manifest  BLOB NOT NULL REFERENCES escrow,
  share     INTEGER NOT NULL,       -- number of the share; of who opens it alone, 0 and below
  recipient TEXT NOT NULL,          -- public, comment included
  PRIMARY KEY (manifest, share)
) STRICT;

-- Which encryption keys a snapshot needs and which a tarball or an escrow has: fingerprints, never keys. Of a key that
-- nobody has seen only the name is known: `name:aescbc/1`.
CREATE TABLE key_use (
  content     BLOB NOT NULL REFERENCES content,
  role        TEXT NOT NULL,        -- needs, has
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (content, role, fingerprint)
) STRICT;

-- What `prune` moves away, from its intent to its end. Until it is purged, it can be moved back.
CREATE TABLE trash (
  plan     BLOB NOT NULL CHECK (length(plan) = 32),
  host     TEXT NOT NULL REFERENCES host,
  path     TEXT NOT NULL,           -- where it lay
  put      TEXT NOT NULL,           -- where it lies now
  content  BLOB NOT NULL REFERENCES content,
  size     INTEGER NOT NULL,
  mtime    INTEGER NOT NULL,
  inode    INTEGER NOT NULL,
  intended TEXT NOT NULL,
  moved    TEXT,                    -- not yet, where there is none
  purging  TEXT,                    -- when it was said that it is to be deleted
  purged   TEXT,                    -- and when it was
  PRIMARY KEY (plan, host, path)
) STRICT;

-- The log: nothing in it is changed or taken away, and each entry names the one before.
CREATE TABLE event (
  seq   INTEGER PRIMARY KEY,
  prev  BLOB NOT NULL UNIQUE CHECK (length(prev) = 32),
  hash  BLOB NOT NULL CHECK (length(hash) = 32),
  at    TEXT NOT NULL,
  actor TEXT NOT NULL,
  host  TEXT NOT NULL,
  kind  TEXT NOT NULL,
  body  TEXT NOT NULL               -- JSON
) STRICT;
-- Who can open what stands in the log alone: its entries are found without the others, an escrow by its manifest's SHA-256.
CREATE INDEX event_custody ON event (kind, seq) WHERE kind >= 'custody-' AND kind < 'custody.';
CREATE INDEX event_escrow ON event (json_extract(body, '$.sha256')) WHERE kind = 'custody-escrow';
CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT raise(ABORT, 'the log is not changed'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'the log is not shortened'); END;
