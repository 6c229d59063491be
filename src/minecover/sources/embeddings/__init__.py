"""AlphaEarth annual embeddings: what their numbers are, and reading them from files."""

from minecover.sources.embeddings.embedding_files import EmbeddingFiles

__all__ = ["EmbeddingFiles"]
