"""What the operating system gives: files and folders, the log, the clock and rates by it, starting
up."""
