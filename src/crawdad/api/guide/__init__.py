"""The REST interface of the guide: `/api/v1`, sessions, jobs and the state of the system."""
