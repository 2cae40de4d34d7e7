"""TorchServe over gRPC.

The two messages of a prediction are described here instead of generated code.
Source: TorchServe 0.12, inference.proto (PredictionsRequest, PredictionResponse).
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from data_pipeline.cli import needs_extra
from serving.errors import (
    EngineAnswerError,
    EngineBusyError,
    EngineError,
    EngineKeyError,
    EngineUnreachableError,
)
from serving.torchserve.wire import MAX_BODY_BYTES, MODEL_NAME

_PACKAGE = "org.pytorch.serve.grpc.inference"
_METHOD = f"/{_PACKAGE}.InferenceAPIsService/Predictions"
_FRAME_BYTES = 65_536  # what the message adds to the body
# RESOURCE_EXHAUSTED is also what becomes of the requests of a worker that died.
_LOST = frozenset({"INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED", "UNKNOWN"})


class GrpcTransport:
    """Keeps a channel to TorchServe's gRPC inference port."""

    def __init__(self, address: str) -> None:
        """Takes `HOST:PORT`; connects nothing yet.

        Raises:
            MissingExtraError: grpcio is not installed.
        """
        with needs_extra("grpc"):
            import grpc  # noqa: PLC0415
        self._errors: tuple[type[BaseException], ...] = (grpc.RpcError,)
        self._channel = grpc.insecure_channel(
            address,
            options=[
                ("grpc.max_receive_message_length", MAX_BODY_BYTES + _FRAME_BYTES),
                # One policy of trying again is enough: the engine's. And after TorchServe was
                # away, gRPC by itself would wait for up to two minutes before it connects.
                ("grpc.enable_retries", 0),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 1000),
            ],
        )
        self._request, response = _messages()
        self._call = self._channel.unary_unary(
            _METHOD,
            request_serializer=self._request.SerializeToString,
            response_deserializer=response.FromString,
        )

    def predict(self, body: bytes, *, key: str, timeout_seconds: float) -> bytes:
        """Sends a request and returns the body of the answer; see `Transport`.

        TorchServe drops the status that a handler gives a request of its batch: over gRPC a
        refusal looks like an answer, and is found out when it is read.
        """
        try:
            response = self._call(
                self._request(model_name=MODEL_NAME, input={"data": body}),
                timeout=timeout_seconds,
                metadata=[("authorization", f"Bearer {key}")],
            )
        except self._errors as error:
            raise _refusal(error) from error
        prediction: bytes = response.prediction
        return prediction

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()


def _refusal(failure: Any) -> EngineError:
    code: str = failure.code().name
    error = _error(code)
    error.add_note(f"gRPC status {code}")
    return error


def _error(code: str) -> EngineError:
    if code in {"PERMISSION_DENIED", "UNAUTHENTICATED"}:
        return EngineKeyError()
    if code in _LOST:
        return EngineUnreachableError()
    if code == "DEADLINE_EXCEEDED":
        return EngineBusyError()
    return EngineAnswerError()


def _messages() -> tuple[Any, Any]:
    """Returns the classes of the request and of the response."""
    file = descriptor_pb2.FileDescriptorProto(
        name="wherefore/torchserve_inference.proto", package=_PACKAGE, syntax="proto3"
    )
    field = descriptor_pb2.FieldDescriptorProto
    request = file.message_type.add(name="PredictionsRequest")
    request.field.add(name="model_name", number=1, type=field.TYPE_STRING, label=1)
    entry = request.nested_type.add(name="InputEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=field.TYPE_STRING, label=1)
    entry.field.add(name="value", number=2, type=field.TYPE_BYTES, label=1)
    request.field.add(
        name="input",
        number=3,
        type=field.TYPE_MESSAGE,
        label=field.LABEL_REPEATED,
        type_name=f".{_PACKAGE}.PredictionsRequest.InputEntry",
    )
    response = file.message_type.add(name="PredictionResponse")
    response.field.add(name="prediction", number=1, type=field.TYPE_BYTES, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("PredictionsRequest", "PredictionResponse")
    request_class, response_class = (
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in names
    )
    return request_class, response_class
