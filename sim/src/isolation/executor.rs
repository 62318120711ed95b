//! The simulation's end: workers that are idle, and programs that run in one each.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use lit_node::action::{ActionError, ActionSpec, Executor, HostAnswer, HostCallId, Program, Progress, Usage};
use lit_node::io::Time;
use lit_node::meter::Meter;

use super::Bounds;
use super::wire::{GREETING, Reply, Request, receive, send};

/// A worker and the ways to and from it.
struct Worker {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Worker {
    fn start(program: &PathBuf, bounds: Bounds) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(["action-worker", &bounds.address_space_bytes.to_string(), &bounds.cpu_s.to_string()]);
        // What the engine's abort prints would look like this program's own.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a worker without streams"));
        };
        let mut worker = Self { child, to, from };
        match receive::<String>(&mut worker.from) {
            Ok(Some(greeting)) if greeting == GREETING => Ok(worker),
            _ => {
                worker.end();
                Err(io::Error::other("it is no litsim"))
            }
        }
    }

    fn ask(&mut self, request: &Request) -> io::Result<Reply> {
        send(&mut self.to, request)?;
        receive(&mut self.from)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Ends it, whatever it does.
    fn end(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Workers that have nothing to do.
struct Pool {
    program: PathBuf,
    bounds: Bounds,
    idle: RefCell<Vec<Worker>>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.idle.take().into_iter().for_each(Worker::end);
    }
}

/// Runs each action in a worker process.
pub struct Isolated {
    pool: Rc<Pool>,
}

impl Isolated {
    /// An executor whose workers are started from this program, which is to be litsim.
    pub fn new(program: PathBuf, bounds: Bounds) -> Self {
        Self { pool: Rc::new(Pool { program, bounds, idle: RefCell::default() }) }
    }
}

impl Executor for Isolated {
    fn start(&self, spec: ActionSpec, meter: &mut Meter) -> (Box<dyn Program>, Progress) {
        let time_limit = spec.started.plus_millis(spec.limits.time_ms);
        let idle = self.pool.idle.borrow_mut().pop();
        let worker = idle.map_or_else(|| Worker::start(&self.pool.program, self.pool.bounds), Ok);
        let mut program = Remote {
            pool: Rc::clone(&self.pool),
            // No fault of the script's, and nothing that a trace may depend on: the run cannot go on without workers.
            worker: Some(
                worker.unwrap_or_else(|error| panic!("{} does not start: {error}", self.pool.program.display())),
            ),
            time_limit,
            deadline: None,
            usage: Usage::default(),
        };
        let progress = program.ask(&Request::Start(Box::new(spec)), meter);
        (Box::new(program), progress)
    }
}

/// An action in a worker, or one whose worker was ended.
struct Remote {
    pool: Rc<Pool>,
    /// None once the action is over or its worker has died.
    worker: Option<Worker>,
    time_limit: Time,
    deadline: Option<Time>,
    usage: Usage,
}

impl Remote {
    fn ask(&mut self, request: &Request, meter: &mut Meter) -> Progress {
        let Some(mut worker) = self.worker.take() else { return Progress::Pending(Vec::new()) };
        match worker.ask(request) {
            Ok(reply) => {
                reply.work.iter().for_each(|(op, count)| meter.add(*op, *count));
                (self.deadline, self.usage) = (reply.deadline, reply.usage);
                match reply.progress {
                    Progress::Finished(_) => self.pool.idle.borrow_mut().push(worker),
                    Progress::Pending(_) => self.worker = Some(worker),
                }
                reply.progress
            }
            // Why it died, and when, depends on the machine: the action is over when its time is.
            Err(_) => {
                worker.end();
                self.deadline = Some(self.time_limit);
                Progress::Pending(Vec::new())
            }
        }
    }

    /// Whether the worker has died before the action was over.
    fn is_killed(&self) -> bool {
        self.worker.is_none() && self.deadline.is_some()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.end();
        }
    }
}

impl Program for Remote {
    fn resume(&mut self, now: Time, call: HostCallId, answer: HostAnswer, meter: &mut Meter) -> Progress {
        self.ask(&Request::Resume(now, call, answer), meter)
    }

    fn tick(&mut self, now: Time, meter: &mut Meter) -> Progress {
        if self.is_killed() && now >= self.time_limit {
            self.deadline = None;
            return Progress::Finished(Err(ActionError::Killed));
        }
        self.ask(&Request::Tick(now), meter)
    }

    fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    fn usage(&self) -> Usage {
        self.usage.clone()
    }
}
