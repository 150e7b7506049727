//! One route: how it is asked, who may ask it, what it takes and what it answers.
//!
//! A route is begun with its method, path, scope and summary, and finished with what answers it; the schemas come from the
//! types of that very function. So there is no route without a scope, and none whose description is of something else.

use super::access;
use super::ask::{self, Asked};
use super::problem::Problem;
use crate::engine::Engine;
pub(super) use crate::engine::Scope;
use crate::error::Result;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// A route without what answers it.
pub(super) struct Begun {
    method: Method,
    path: &'static str,
    scopes: Scopes,
    summary: &'static str,
    status: StatusCode,
}

/// A key must be allowed one of these; none if nobody is asked for a key.
pub(super) type Scopes = [Option<Scope>; 2];

/// A route of the service.
pub(super) struct Route {
    /// How it is asked.
    pub(super) method: Method,
    /// As actix-web matches it: `/v1/collections/{collection}/documents/{id:.+}`.
    pub(super) path: &'static str,
    /// What a key must be allowed to do.
    pub(super) scopes: Scopes,
    /// One line.
    pub(super) summary: &'static str,
    /// Status of a good answer.
    pub(super) status: StatusCode,
    /// What it takes and answers.
    pub(super) shapes: Shapes,
    handler: Arc<dyn Fn() -> actix_web::Route + Send + Sync>,
}

/// What a route takes and answers.
#[derive(Default)]
pub(super) struct Shapes {
    /// An object with a property for each query parameter.
    pub(super) query: Option<Shape>,
    /// Content type and schema of the request's body.
    pub(super) body: Option<(&'static str, Shape)>,
    /// Content type and schema of the answer's body.
    pub(super) answer: Option<(&'static str, Shape)>,
    /// Another status that is not a problem, with its JSON.
    pub(super) also: Option<(u16, Shape)>,
}

/// The schema of a type, and those of the types that it names.
pub(super) struct Shape {
    /// The type's own.
    pub(super) schema: Value,
    /// Its name.
    pub(super) name: String,
    /// By name.
    pub(super) named: Vec<(String, Value)>,
}

const JSON: &str = "application/json";

impl Shape {
    /// Anything.
    pub(super) fn any() -> Self {
        Self { schema: serde_json::json!({}), name: String::new(), named: Vec::new() }
    }

    /// The schema of a type.
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut named = Vec::new();
        T::schemas(&mut named);
        let json = |schema| serde_json::to_value(schema).unwrap_or_default();
        Self {
            schema: json(T::schema()),
            name: T::name().into_owned(),
            named: named.into_iter().map(|(name, schema)| (name, json(schema))).collect(),
        }
    }
}

impl Route {
    /// Begins a route that reads.
    pub(super) fn get(path: &'static str, scope: Scope, summary: &'static str) -> Begun {
        Begun::new(Method::GET, path, Some(scope), summary)
    }

    /// Begins a route that takes a body.
    pub(super) fn post(path: &'static str, scope: Scope, summary: &'static str) -> Begun {
        Begun::new(Method::POST, path, Some(scope), summary)
    }

    /// Begins a route that makes or replaces what it names.
    #[allow(dead_code)] // not every method is asked for yet
    pub(super) fn put(path: &'static str, scope: Scope, summary: &'static str) -> Begun {
        Begun::new(Method::PUT, path, Some(scope), summary)
    }

    /// Begins a route that removes what it names.
    pub(super) fn delete(path: &'static str, scope: Scope, summary: &'static str) -> Begun {
        Begun::new(Method::DELETE, path, Some(scope), summary)
    }

    /// Begins a route that reads, and that anyone may ask without a key.
    pub(super) fn open(path: &'static str, summary: &'static str) -> Begun {
        Begun::new(Method::GET, path, None, summary)
    }

    /// For the application of one worker, under its method or under HEAD: nobody is let in who may not.
    pub(super) fn handler(&self, method: Method) -> actix_web::Route {
        let (scopes, path) = (self.scopes, self.path);
        let admit =
            move |request: ServiceRequest, next: Next<BoxBody>| access::admit(scopes, path, request, next);
        (self.handler)().method(method).wrap(from_fn(admit))
    }
}

impl Begun {
    fn new(method: Method, path: &'static str, scope: Option<Scope>, summary: &'static str) -> Self {
        Self { method, path, scopes: [scope, None], summary, status: StatusCode::OK }
    }

    /// Open to keys of another scope too.
    pub(super) fn or(self, scope: Scope) -> Self {
        Self { scopes: [self.scopes[0], Some(scope)], ..self }
    }

    /// Answers with this status instead of 200.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Answered by a question that takes nothing but what the path names.
    pub(super) fn plain<A: Serialize + ToSchema + Send + 'static>(
        self,
        question: impl Fn(&Engine, &Asked) -> Result<A> + Copy + Send + Sync + 'static,
    ) -> Route {
        let status = self.status;
        let shapes = Shapes { answer: Some((JSON, Shape::of::<A>())), ..Shapes::default() };
        self.raw(shapes, move || {
            web::to(move |request: HttpRequest| async move { ask::ask(&request, status, question).await })
        })
    }

    /// Answered by a question that takes query parameters; `Q` is a flat struct.
    pub(super) fn query<
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    >(
        self,
        question: impl Fn(&Engine, &Asked, Q) -> Result<A> + Copy + Send + Sync + 'static,
    ) -> Route {
        self.query_at_once(|_, _, _| None, question)
    }

    /// As [`query`](Self::query), for questions whose answer is often at hand: `at_once` is asked where the request was read, so
    /// it must neither wait nor take longer than microseconds; what it does not know goes to the blocking pool.
    pub(super) fn query_at_once<
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    >(
        self,
        at_once: impl Fn(&Engine, &Asked, &Q) -> Option<A> + Copy + Send + Sync + 'static,
        question: impl Fn(&Engine, &Asked, Q) -> Result<A> + Copy + Send + Sync + 'static,
    ) -> Route {
        let status = self.status;
        let shapes = Shapes {
            query: Some(Shape::of::<Q>()),
            answer: Some((JSON, Shape::of::<A>())),
            ..Shapes::default()
        };
        self.raw(shapes, move || {
            web::to(move |request: HttpRequest| async move {
                let query = ask::query::<Q>(&request)?;
                let asked = Asked::of(&request)?;
                if let Some(answer) = at_once(&asked.service().engine, &asked, &query) {
                    return Ok(HttpResponse::build(status).json(answer));
                }
                let question = move |engine: &Engine, asked: &Asked| question(engine, asked, query);
                ask::asked(&request, asked, status, question).await
            })
        })
    }

    /// Answered by a question that takes a JSON body.
    pub(super) fn body<
        B: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    >(
        self,
        question: impl Fn(&Engine, &Asked, B) -> Result<A> + Copy + Send + Sync + 'static,
    ) -> Route {
        let status = self.status;
        let shapes = Shapes {
            body: Some((JSON, Shape::of::<B>())),
            answer: Some((JSON, Shape::of::<A>())),
            ..Shapes::default()
        };
        self.raw(shapes, move || {
            web::to(move |request: HttpRequest, payload: web::Payload| async move {
                let body = ask::body::<B>(&request, payload).await?;
                ask::ask(&request, status, move |engine, asked| question(engine, asked, body)).await
            })
        })
    }

    /// Answered by a file of the program.
    pub(super) fn file(self, content_type: &'static str, answer: fn(&HttpRequest) -> HttpResponse) -> Route {
        let text = Shape::of::<String>();
        let shapes = Shapes { answer: Some((content_type, text)), ..Shapes::default() };
        self.raw(shapes, move || {
            web::to(move |request: HttpRequest| async move { Ok::<_, Problem>(answer(&request)) })
        })
    }

    /// Answered by a handler that does everything itself: streams, other content types. Questions to the engine go through
    /// [`ask::ask`], never straight from an async worker.
    pub(super) fn raw(
        self,
        shapes: Shapes,
        handler: impl Fn() -> actix_web::Route + Send + Sync + 'static,
    ) -> Route {
        let Self { method, path, scopes, summary, status } = self;
        Route { method, path, scopes, summary, status, shapes, handler: Arc::new(handler) }
    }
}
