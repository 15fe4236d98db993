"""The templates of themes, compiled once a session; that is half of the time that a small record takes to build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from types import CodeType
from typing import Any, ClassVar

from jinja2 import FileSystemBytecodeCache, Template
from jinja2.bccache import Bucket
from sphinx.jinja2glue import BuiltinTemplateLoader

#: Names the directory for what is compiled: all processes of a session share it.
DIRECTORY = "EXPTDIR_TESTS_TEMPLATES"

#: What tells Sphinx to use it.
CONFIGURATION = {"template_bridge": "tests.templates.CompiledTemplates"}


class _Kept(FileSystemBytecodeCache):
    """The cache that Jinja has for this; what it has read is not read from the disk again."""

    codes: ClassVar[dict[tuple[str, str], CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        key = bucket.key, bucket.checksum
        bucket.code = self.codes.get(key)
        if bucket.code is None:
            super().load_bytecode(bucket)
            if bucket.code is not None:
                self.codes[key] = bucket.code


class CompiledTemplates(BuiltinTemplateLoader):
    """Sphinx's own loader of templates, with this cache."""

    def init(self, *arguments: Any, **options: Any) -> None:
        super().init(*arguments, **options)
        self._cache = _Kept(os.environ[DIRECTORY])
        self.environment.bytecode_cache = self._cache

    def render_string(self, source: str, context: Mapping[str, Any]) -> str:
        """Render a style sheet or the like, which Jinja would compile each time."""
        name = sha256(source.encode()).hexdigest()
        bucket = self._cache.get_bucket(self.environment, name, None, source)
        if bucket.code is None:
            bucket.code = self.environment.compile(source)
            self._cache.set_bucket(bucket)
        template = Template.from_code(self.environment, bucket.code, self.environment.make_globals(None))
        return template.render(context)
