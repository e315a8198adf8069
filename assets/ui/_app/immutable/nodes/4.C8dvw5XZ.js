
export{t as component}from"../chunks/DzxdRd5g.js";