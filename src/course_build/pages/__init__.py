"""What makes a page: text in, text out, without MkDocs."""
