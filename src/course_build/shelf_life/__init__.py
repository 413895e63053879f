"""How long the course stays true: it is tried with the newest versions of what it rests on."""
