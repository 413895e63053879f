"""From what authors write to HTML: text in, text out. No module here knows MkDocs."""
