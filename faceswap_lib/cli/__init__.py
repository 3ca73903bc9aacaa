"""The command line: one file for each kind of verb; `verbs` puts them together."""
