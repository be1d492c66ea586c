; An ALB before nginx. The ALB counts from its last poll; so does nginx, which reads before it looks
; at timers. A connection that reaches its maximum age is closed with an announcement, so it does not
; count here.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: aws-alb }
;|   - { name: s, profile: nginx }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings_cached written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (rings_cached read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= closed reached))))
