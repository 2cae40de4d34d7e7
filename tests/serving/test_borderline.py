"""What the engine's own variation could have turned is told with the answer."""

import pytest

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.taxonomy import CATEGORIES, DenialCategory
from data_pipeline.sources import Row
from model_store.calibration import Calibration, CategoryCalibration
from serving.adapters.fake import FakePredictor
from serving.scoring import ScoringService

TEXT = "Debts take 61 percent of income."


class VaryingEngine:
    identity = "varying"

    def __init__(self, bound):
        self.composition_bound = bound

    def logits(self, ids):
        raise NotImplementedError


def service(*, bound, state=0.5, review=0.05):
    predictor = FakePredictor()
    predictor.calibration = Calibration(
        categories=(CategoryCalibration(state=state, review=review),) * len(CATEGORIES)
    )
    if bound is not None:
        predictor.engine = VaryingEngine(bound)
    return ScoringService(predictor=predictor)


def scored(text=TEXT):
    [row] = ScoringService(predictor=FakePredictor()).score(
        [Row(number=1, id=None, application=LoanApplication(text=text))]
    )
    return row


def test_a_stated_category_close_to_its_threshold_is_told():
    # 0.9, as the fake states it, is log-odds 2.197; 0.89 are 2.091
    close = DenialCategory.EXCESSIVE_OBLIGATIONS
    assert close in service(bound=0.11, state=0.89).borderline(scored())
    assert close not in service(bound=0.10, state=0.89).borderline(scored())


def test_a_category_close_to_being_up_for_review_is_told():
    # all others have 0.02, log-odds -3.892; 0.021 are -3.842
    far = service(bound=0.04, review=0.021).borderline(scored())
    near = service(bound=0.06, review=0.021).borderline(scored())
    assert set(near) - set(far) == set(CATEGORIES) - {DenialCategory.EXCESSIVE_OBLIGATIONS}


@pytest.mark.parametrize(("bound", "told"), [(0.02, False), (0.3, True)])
def test_a_risk_score_close_to_the_start_of_a_band_is_told(bound, told):
    near_15 = scored().model_copy(update={"risk_score": 13.0})  # log-odds -1.901; 15 are -1.735
    assert ("risk_band" in service(bound=bound).borderline(near_15)) is told


def test_an_engine_that_says_nothing_of_itself_has_nothing_told_of_it():
    assert service(bound=None).borderline(scored()) == ()
