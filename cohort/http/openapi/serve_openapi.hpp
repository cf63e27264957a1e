#pragma once

#include <cohort/http/openapi/document.hpp>
#include <cohort/http/route_notes.hpp>
#include <cohort/http/router.hpp>

namespace cohort::http {

/// Adds `GET /openapi.json`, the document of all routes of this router or group wherever in the
/// program they are registered, and `GET /docs`, a page that shows it and tries GETs. Both have an
/// ETag. The document is made at the first request; the page is one file, without anything from
/// elsewhere, under a Content-Security-Policy that lets nothing else run.
///
/// `notes` are those of both routes: below access() they say who may read the document,
/// `{open_to_all{}}` or `{permission{"docs:read"}}`.
void serve_openapi(routes& api, openapi_info info, const route_notes& notes = {});

}  // namespace cohort::http
