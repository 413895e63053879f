"""What builds and publishes the course."""
