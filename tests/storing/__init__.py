"""Tests of the store of files, in a folder and in a bucket."""
