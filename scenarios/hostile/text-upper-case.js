// Maps a text that may become eighteen times as long.
// What it may become is looked at first.
'\u0390'.repeat(1 << 23).toUpperCase();
