// JSON of a hundred thousand levels.
// The depth is counted before the text is read.
JSON.parse('['.repeat(1e5) + ']'.repeat(1e5));
