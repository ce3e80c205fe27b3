"""Objects in R2, by its S3 interface."""

from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .settings import R2, Refused


class Store:
    """One bucket."""

    def __init__(self, settings: R2):
        self.bucket = settings.bucket
        self._endpoint = settings.endpoint
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.key_id,
            aws_secret_access_key=settings.secret,
            region_name="auto",
            config=Config(
                retries={"mode": "standard", "max_attempts": 5},
                s3={"addressing_style": "path"},
                # R2 takes no chunked checksums: https://developers.cloudflare.com/r2/examples/aws/boto3/
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, key: str, file: Path) -> str:
        """Uploads a file in one request, so that its etag is the MD5 of its content. Gives that."""
        with open(file, "rb") as body:
            return self._call(f"upload {key!r}", self._client.put_object, Key=key, Body=body)["ETag"].strip('"')

    def etag(self, key: str) -> str | None:
        """The etag of an object, if it's there."""
        try:
            return self._client.head_object(Bucket=self.bucket, Key=key)["ETag"].strip('"')
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise self._refused(f"look at {key!r}", error) from error
        except BotoCoreError as error:
            raise self._refused(f"look at {key!r}", error) from error

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin so, in order."""
        keys, following = [], {}
        while True:
            page = self._call(f"list {prefix!r}", self._client.list_objects_v2, Prefix=prefix, **following)
            keys += [item["Key"] for item in page.get("Contents", [])]
            if not page.get("IsTruncated"):
                return keys
            following = {"ContinuationToken": page["NextContinuationToken"]}

    def _call(self, what: str, call, **arguments):
        try:
            return call(Bucket=self.bucket, **arguments)
        except (BotoCoreError, ClientError) as error:
            raise self._refused(what, error) from error

    def _refused(self, what: str, error: Exception) -> Refused:
        return Refused(f"R2, bucket {self.bucket} at {self._endpoint}: can't {what}: {error}")
