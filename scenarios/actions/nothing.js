// Does nothing, for those who call it many times.
