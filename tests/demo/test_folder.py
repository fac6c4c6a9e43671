import pytest

from monitor.demo.folder import DemoFolder, NotOurs


def test_a_folder_is_made_for_its_owner_alone(tmp_path):
    folder = DemoFolder(tmp_path / "demo", keep=False)

    assert (tmp_path / "demo").stat().st_mode & 0o777 == 0o700
    assert not folder.kept
    folder.close()


def test_its_own_folder_is_wiped(tmp_path):
    DemoFolder(tmp_path / "demo", keep=False).close()
    (tmp_path / "demo" / "data").mkdir()
    (tmp_path / "demo" / "data" / "log.sqlite").write_text("old")
    (tmp_path / "demo" / "demo.json").write_text("{}")
    DemoFolder(tmp_path / "demo", keep=False).close()

    assert [path.name for path in (tmp_path / "demo").iterdir()] == [".made-by-monitor-demo"]


def test_with_keep_it_stays_as_it_is(tmp_path):
    DemoFolder(tmp_path / "demo", keep=False).close()
    (tmp_path / "demo" / "demo.json").write_text("{}")
    folder = DemoFolder(tmp_path / "demo", keep=True)

    assert folder.kept
    assert folder.state.read_text() == "{}"
    folder.close()


def test_with_keep_a_set_up_that_was_broken_off_begins_anew(tmp_path):
    DemoFolder(tmp_path / "demo", keep=False).close()
    (tmp_path / "demo" / "data").mkdir()
    folder = DemoFolder(tmp_path / "demo", keep=True)

    assert not folder.kept
    assert not folder.data.exists()
    folder.close()


@pytest.mark.parametrize("keep", [True, False])
def test_a_folder_that_the_demo_did_not_make_is_never_touched(tmp_path, keep):
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(NotOurs, match="was not made by the demo"):
        DemoFolder(tmp_path, keep=keep)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_may_be_used(tmp_path):
    DemoFolder(tmp_path, keep=False).close()


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(NotOurs, match="no folder"):
        DemoFolder(tmp_path / "link", keep=False)


def test_links_inside_are_removed_and_what_they_point_to_is_not(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("years of work")
    DemoFolder(tmp_path / "demo", keep=False).close()
    (tmp_path / "demo" / "data").symlink_to(tmp_path / "thesis")
    DemoFolder(tmp_path / "demo", keep=False).close()

    assert (tmp_path / "thesis" / "thesis.txt").read_text() == "years of work"
    assert not (tmp_path / "demo" / "data").exists()


def test_two_demos_do_not_share_a_folder(tmp_path):
    first = DemoFolder(tmp_path / "demo", keep=False)

    with pytest.raises(NotOurs, match="another demo is running"):
        DemoFolder(tmp_path / "demo", keep=False)
    first.close()
    DemoFolder(tmp_path / "demo", keep=False).close()
