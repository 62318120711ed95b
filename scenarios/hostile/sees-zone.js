// Asks where on earth it is.
// The zone is UTC, and there is no locale.
const day = new Date(0);
throw new Error([day, day.getTimezoneOffset(), day.toLocaleDateString('de'), (1234.5).toLocaleString('de')].join('; '));
