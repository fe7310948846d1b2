"""What the commands do: each parses its words and hands on to the rooms below."""
