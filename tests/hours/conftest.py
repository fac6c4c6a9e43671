"""A case that fails shows what differs: its checks stand in a module that pytest must rewrite too."""

import pytest

pytest.register_assert_rewrite("tests.hours.case_files")
