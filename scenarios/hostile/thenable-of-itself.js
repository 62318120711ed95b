// Settles a promise with a thenable that settles it with itself.
// Each turn is a job, and jobs are counted.
new Promise((settle) =>
  settle({
    then(again) {
      again(this);
    },
  }),
);
