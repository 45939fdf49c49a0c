# $data: time; connects per second: attempted, attempted at most, accepted, refused, failed in all; response in ms: p50,
# p99, p99.9, and of each the values that stand alone; ranged: columns are longer than an interval
set multiplot
set tmargin at screen 1 - 30.0 / height
set bmargin at screen 0.56
set yrange [0:*]
set ylabel 'connects per second' textcolor rgb '#000000'
@no_time_tics
plot $data using 1:(ranged ? column(3) : NaN) with filledcurves y1=0 linecolor rgb '#c8c8c8' title (ranged ? 'at most' : ''), \
    '' using 1:(v(2)) with lines linetype 1 title name(2, 'attempted'), \
    '' using 1:(v(4)) with lines linetype 3 dashtype 4 title name(4, 'accepted'), \
    '' using 1:(v(6)) with lines linetype 2 dashtype 2 title name(6, 'failed'), \
    '' using 1:(v(5)) with lines linetype 5 dashtype 3 title name(5, 'refused')
set tmargin at screen 0.47
set bmargin at screen bottom
@latency_tics
set logscale y
set yrange [y_low:y_high]
set ylabel 'connect, response'
@time_tics
@time_name
plot $data using 1:7 with lines linetype 6 title 'p50', \
    '' using 1:8 with lines linetype 1 title 'p99', \
    '' using 1:9 with lines linetype 2 dashtype 2 title 'p99.9', \
    for [k = 0:2] '' using 1:(column(10 + k)) with points pointtype 7 pointsize 0.3 linecolor rgb word('#56b4e9 #0072b2 #d55e00', k + 1)
unset multiplot
