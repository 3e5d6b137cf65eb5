# Prints how many of the files are open that watch_files.py watches, and watches no more.
print(_end_of_watch())
