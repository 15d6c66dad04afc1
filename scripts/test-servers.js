// The distributed shape (KurrentDB, MongoDB, Kafka, S3) is tested here, against servers given by URL or started by this script.
// This release runs in one process on files only, so there is no server to test against yet.
process.stdout.write('test:servers: no adapter of this release speaks to a server; nothing to test.\n');
