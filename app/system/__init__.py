"""What the operating system gives: files and folders, the log, the clock, starting up."""
