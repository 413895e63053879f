"""The folder with which a room without internet works: made, and tried."""
