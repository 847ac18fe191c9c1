// The schema, as the steps that lead to it. A step that was released is never changed: what comes later is a new one at the end.
// Step n brings a database of version n − 1 (`PRAGMA user_version`) to version n, in one transaction; there is no way back.
import type { Database } from "bun:sqlite";

export type Migration = (db: Database) => void;

/** Marks a file as ours: "VRBT". */
export const APPLICATION_ID = 0x5652_4254;

export const MIGRATIONS: readonly Migration[] = [
	// 1: users, rooms, members, logs.
	(db) =>
		db.exec(`
		CREATE TABLE users (
			id TEXT PRIMARY KEY,
			name TEXT NOT NULL,
			kind TEXT NOT NULL CHECK (kind IN ('registered', 'guest', 'external')),
			skeleton TEXT NOT NULL UNIQUE,
			password_hash TEXT,
			external TEXT UNIQUE,
			created_ms REAL NOT NULL,
			expires_ms REAL,
			fleeting INTEGER,
			generation INTEGER NOT NULL,
			disabled INTEGER NOT NULL
		) STRICT, WITHOUT ROWID;
		CREATE INDEX users_guests ON users (expires_ms, id) WHERE kind = 'guest' AND disabled = 0;

		-- Logs refer to rooms by a small number: it stands in every row of every log.
		CREATE TABLE rooms (
			no INTEGER PRIMARY KEY,
			id TEXT NOT NULL UNIQUE,
			kind INTEGER NOT NULL,
			name TEXT NOT NULL,
			skeleton TEXT UNIQUE,
			direct_key TEXT UNIQUE,
			epoch INTEGER NOT NULL,
			head INTEGER NOT NULL,
			members INTEGER NOT NULL,
			CHECK ((skeleton IS NULL) <> (direct_key IS NULL))
		) STRICT;
		CREATE INDEX rooms_public ON rooms (name) WHERE kind = 1;

		-- Open invitations are rows too. The name is that of the entry, for users without a record.
		CREATE TABLE members (
			room_no INTEGER NOT NULL REFERENCES rooms (no),
			user TEXT NOT NULL,
			name TEXT NOT NULL,
			standing INTEGER NOT NULL,
			PRIMARY KEY (room_no, user)
		) STRICT, WITHOUT ROWID;
		CREATE INDEX members_by_user ON members (user);

		-- kind is the body's field number in the schema of the wire, body the protobuf of an Entry that has its body alone.
		CREATE TABLE entries (
			room_no INTEGER NOT NULL,
			seq INTEGER NOT NULL,
			at_ms REAL NOT NULL,
			sender TEXT NOT NULL,
			sender_name TEXT NOT NULL,
			cid TEXT NOT NULL,
			kind INTEGER NOT NULL,
			body BLOB NOT NULL,
			PRIMARY KEY (room_no, seq)
		) STRICT, WITHOUT ROWID;
		CREATE UNIQUE INDEX entries_by_cid ON entries (sender, cid) WHERE cid <> '';

		CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

		-- The newest batch and what it has written ([[room id, from, to], …]): tells after a writer's death whether the batch under
		-- way was committed.
		CREATE TABLE last_batch (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, ranges TEXT NOT NULL) STRICT;
		INSERT INTO last_batch VALUES (1, 0, '[]');
	`),
	// 2: families of refresh tokens.
	(db) =>
		db.exec(`
		CREATE TABLE token_families (
			id TEXT PRIMARY KEY,
			user TEXT NOT NULL,
			number INTEGER NOT NULL,
			issued_ms REAL NOT NULL,
			expires_ms REAL NOT NULL,
			ended INTEGER NOT NULL
		) STRICT, WITHOUT ROWID;
		CREATE INDEX token_families_by_end ON token_families (expires_ms);
	`),
	// 3: how often the list of a room's members has changed.
	(db) => db.exec("ALTER TABLE rooms ADD COLUMN member_version INTEGER NOT NULL DEFAULT 1"),
	// 4: who has brought a user into a room, while the user has not answered (standing 3 is an open invitation, kind 3 a direct conversation). Of
	// invitations of before it is not known who has made them: nobody.
	(db) =>
		db.exec(`
		ALTER TABLE members ADD COLUMN brought_by TEXT;
		CREATE INDEX members_brought ON members (brought_by, user) WHERE brought_by IS NOT NULL;
		UPDATE members SET brought_by = '' WHERE standing = 3;
		UPDATE members SET brought_by = opened.sender
			FROM rooms JOIN entries AS opened ON opened.room_no = rooms.no AND opened.seq = 1
			WHERE members.room_no = rooms.no AND rooms.kind = 3 AND opened.sender <> members.user AND NOT EXISTS
				(SELECT 1 FROM entries WHERE entries.room_no = rooms.no AND entries.sender = members.user);
	`),
	// 5: sends that were refused for good, in the order in which they were. All of them are in the writer's memory, so that nothing is looked up.
	(db) =>
		db.exec(`
		CREATE TABLE refused_sends (
			no INTEGER PRIMARY KEY,
			sender TEXT NOT NULL,
			cid TEXT NOT NULL,
			code TEXT NOT NULL,
			at_ms REAL NOT NULL
		) STRICT;
	`),
];
