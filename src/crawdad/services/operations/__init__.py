"""What models do besides conversing: embeddings, pictures, transcripts, speech, counting.

The same catalogue, the same loop over offers, the same passport as a turn of conversation; an answer is always whole.
"""
