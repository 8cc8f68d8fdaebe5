"""The follow-up door: runs every minute."""
