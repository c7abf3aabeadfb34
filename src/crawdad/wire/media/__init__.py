"""Embeddings, pictures, transcripts and speech as the vendors spell them.

Sources: OpenAI API reference (embeddings, images, audio), Gemini API (embedContent, predict, generateContent), Ollama
`/api/embed`.
"""
