"""The gateway sees to itself: diagnosis first, then the mildest remedy that fits, verified, limited, and written down."""
