"""A help desk with several providers: what an app looks like that holds when they do not."""
