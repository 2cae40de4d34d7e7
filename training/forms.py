"""Forms of a network that differ from the stored one in how its numbers are written."""

from enum import StrEnum


class Form(StrEnum):
    """A form of a fold's network that is not the stored one, to be measured beside it.

    Attributes:
        FP32: the weights as they were before they were stored.
        INT8: the stored weights, computed in 8-bit integers by OpenVINO.
    """

    FP32 = "fp32"
    INT8 = "int8"

    @property
    def subject(self) -> str:
        """Its name among the subjects of the report."""
        return {
            Form.FP32: "network, weights in fp32",
            Form.INT8: "network, computed in int8",
        }[self]
